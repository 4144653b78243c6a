-- Question: which traits of network, client and registration does each account show?
-- One output row: one account, one kind of trait, one value, ordered by kind, value, account_id.
-- Columns: account_id; kind; value; exchanges (that show it; 1 for a trait of the account).
-- An address counts within one UTC day: leases change hands. Client strings and TLS fingerprints
-- are left out: a product brings its client and its prompts together, so they are no second family
-- beside templates (docs/explanation/decisions/0002-client-traits.md).
with seen as (
    select account_id, 'address' as kind,
        ip || ' ' || cast(epoch_us(requested_at) // 86400000000 as varchar) as value
    from exchanges where ip is not null
    union all
    select account_id, 'prefix',
        ip_prefix || ' ' || cast(epoch_us(requested_at) // 86400000000 as varchar)
    from exchanges where ip_prefix is not null
    union all
    select account_id, 'end_user', end_user_id from exchanges where end_user_id is not null
    union all
    select account_id, 'session', session_id from exchanges where session_id is not null
    union all
    select a.account_id, 'payment', a.payment_id from accounts a where a.payment_id is not null
    union all
    select a.account_id, 'signup_address', a.signup_ip from accounts a where a.signup_ip is not null
    union all
    select a.account_id, 'signup_prefix', a.signup_prefix
    from accounts a where a.signup_prefix is not null
    union all
    select a.account_id, 'mail', a.email_domain || ' ' || coalesce(a.email_pattern, '')
    from accounts a where a.email_domain is not null
)
select account_id, kind, value, count(*) as exchanges
from seen
group by account_id, kind, value
order by kind, value, account_id
