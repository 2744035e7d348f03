const answer = await fetch('/api/time');
document.querySelector('#now').textContent = (await answer.json()).now;
