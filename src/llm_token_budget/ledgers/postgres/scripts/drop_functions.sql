-- Functions are made anew with each version: what they take may have changed.
DO $body$
DECLARE
    _one regprocedure;
BEGIN
    FOR _one IN SELECT oid FROM pg_proc WHERE pronamespace = '@literal@'::regnamespace LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', _one);
    END LOOP;
END
$body$
