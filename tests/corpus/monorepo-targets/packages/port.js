exports.port = () => Number(process.env.PORT);
