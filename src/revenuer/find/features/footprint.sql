-- Question: which traits of network, client and registration do accounts have in common?
-- One output row: one account, one kind of trait, one value that two accounts or more show, ordered
-- by kind, value, account_id; and for each kind one row more, without account and value, that
-- counts all that accounts show, also what only one of them does. Accounts without an exchange are
-- left out.
-- Columns: account_id; kind; value; shown (1, or the count).
-- An address counts within one UTC day: leases change hands. Client strings and TLS fingerprints
-- are left out: a product brings its client and its prompts together, so they are no second family
-- beside templates (docs/explanation/decisions/0002-client-traits.md). End users are left out: the
-- customer names them, and strangers number theirs alike (0008-end-users.md).
with active as (
    select * from accounts where account_id in (select account_id from exchanges)
),
seen as (
    select account_id, 'address' as kind,
        ip || ' ' || cast(epoch_us(requested_at) // 86400000000 as varchar) as value
    from exchanges where ip is not null
    union all
    select account_id, 'prefix',
        ip_prefix || ' ' || cast(epoch_us(requested_at) // 86400000000 as varchar)
    from exchanges where ip_prefix is not null
    union all
    select account_id, 'session', session_id from exchanges where session_id is not null
    union all
    select a.account_id, 'payment', a.payment_id from active a where a.payment_id is not null
    union all
    select a.account_id, 'signup_address', a.signup_ip from active a where a.signup_ip is not null
    union all
    select a.account_id, 'signup_prefix', a.signup_prefix
    from active a where a.signup_prefix is not null
    union all
    select a.account_id, 'mail', a.email_domain || ' ' || coalesce(a.email_pattern, '')
    from active a where a.email_domain is not null
),
each as (
    select distinct account_id, kind, value from seen
),
tied as (
    select kind, value from each group by kind, value having count(*) > 1
)
select e.account_id, e.kind, e.value, 1 as shown
from each e
join tied t on e.kind = t.kind and e.value = t.value
union all
select cast(null as varchar), kind, cast(null as varchar), count(*)
from each
group by kind
order by kind, value, account_id
