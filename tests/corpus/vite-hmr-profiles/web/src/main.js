document.title = "tides";
