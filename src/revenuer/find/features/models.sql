-- Question: which models were asked?
-- One output row: one model name, ordered; its position, from 0, is the model number.
select distinct model from exchanges where model is not null order by model
