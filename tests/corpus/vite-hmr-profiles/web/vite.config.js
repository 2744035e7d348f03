export default {server: {host: true, hmr: {clientPort: 5173}, proxy: {'/api': 'http://api:3000'}}};
