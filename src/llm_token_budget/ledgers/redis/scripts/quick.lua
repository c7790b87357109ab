local FIXED, library = 4, nil
