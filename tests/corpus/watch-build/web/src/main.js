document.body.textContent = "desk";
