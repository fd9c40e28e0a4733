import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

// node rig-command.mjs SOCKET ACTION: has a rig that is served play an action; 0 when it can.
const [, , socketPath, action] = process.argv;
const sent = request({ socketPath, method: 'POST' });
sent.end(action);
const [answer] = await once(sent, 'response');
const said = await text(answer);
if (said !== '') console.error(said);
process.exitCode = answer.statusCode === 204 ? 0 : 1;
