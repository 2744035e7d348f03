const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool({ connectionString: process.env.DATABASE_URL });

app.get('/health', (request, response) => response.json({ status: 'ok' }));
app.get('/api/time', async (request, response) => {
  const { rows } = await pool.query('SELECT now() AS now');
  response.json(rows[0]);
});

app.listen(process.env.PORT || 3001);
