UPDATE @schema@.meta SET version = @version@
