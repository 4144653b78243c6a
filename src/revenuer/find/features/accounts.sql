-- Question: what does each account look like, in its own records and in its traffic?
-- One output row: one account that sent at least one exchange, ordered by account_id; its
-- position, counted from 0, is the account number of every other features table.
-- Columns: exchanges (count); first_us, last_us, created_us (microseconds since 1970, UTC);
-- active_hours (distinct UTC hours with an exchange); addresses, clients, end_users, models (distinct);
-- input_tokens, output_tokens, reasoning_tokens (sums); refusals, multi_turn (exchanges that were
-- refused, that are not the first turn); plan_price_usd a month; payment_id, email_domain, org_id,
-- is_verified as recorded. Sums are of decimals: of integers they overflow on Spark.
select
    e.account_id,
    count(*) as exchanges,
    min(epoch_us(e.requested_at)) as first_us,
    max(epoch_us(e.requested_at)) as last_us,
    count(distinct epoch_us(e.requested_at) // 3600000000) as active_hours,
    count(distinct e.ip) as addresses,
    count(distinct coalesce(e.ja4, '') || ' ' || coalesce(e.user_agent, '')) as clients,
    count(distinct e.end_user_id) as end_users,
    count(distinct e.model) as models,
    cast(least(coalesce(sum(cast(e.input_tokens as decimal(38, 0))), 0), 9223372036854775807) as bigint) as input_tokens,
    cast(least(coalesce(sum(cast(e.output_tokens as decimal(38, 0))), 0), 9223372036854775807) as bigint) as output_tokens,
    cast(least(coalesce(sum(cast(e.reasoning_tokens as decimal(38, 0))), 0), 9223372036854775807) as bigint) as reasoning_tokens,
    count(case when e.refused then 1 end) as refusals,
    count(case when e.turns > 1 then 1 end) as multi_turn,
    any_value(epoch_us(a.created_at)) as created_us,
    any_value(a.plan_price_usd) as plan_price_usd,
    any_value(a.payment_id) as payment_id,
    any_value(a.email_domain) as email_domain,
    any_value(a.org_id) as org_id,
    any_value(a.is_verified) as is_verified
from exchanges e
left join accounts a on e.account_id = a.account_id
group by e.account_id
order by e.account_id
