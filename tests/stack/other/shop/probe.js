const reply = await fetch(`http://127.0.0.1:${process.env.PORT}/alive`, { signal: AbortSignal.timeout(2500) }).catch(() => ({ ok: false }));
process.exit(reply.ok ? 0 : 1);
