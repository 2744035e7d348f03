module.exports = {output: 'standalone'};
