// The query page. Everything that needs no editor works without this script.
