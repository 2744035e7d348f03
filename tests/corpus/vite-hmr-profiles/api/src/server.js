require('node:http').createServer((q, s) => s.end('{}')).listen(3000);
