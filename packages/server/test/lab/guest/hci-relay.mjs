// hci-relay.mjs PORT SOCKET: who connects to the port has what listens at a socket of btvirt, with packets of
// H4 (Bluetooth Core, HCI UART transport layer) in one piece each: btvirt forgets the pieces of others.
import { connect, createServer } from 'node:net';

const [, , port, socket] = process.argv;
const ACL_DATA = 2;

/** Bytes of the first packet; undefined when that is not known yet. */
function sizeOf(bytes) {
  if (bytes[0] === ACL_DATA) return bytes.length < 5 ? undefined : 5 + bytes.readUInt16LE(3);
  return bytes.length < 4 ? undefined : 4 + bytes[3];
}

createServer((machine) => {
  const controller = connect(socket);
  let rest = Buffer.alloc(0);
  machine.on('data', (piece) => {
    rest = Buffer.concat([rest, piece]);
    for (let size = sizeOf(rest); size <= rest.length; size = sizeOf(rest)) {
      controller.write(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  });
  controller.pipe(machine);
  for (const each of [machine, controller]) {
    each.on('error', () => undefined);
    each.on('close', () => [machine, controller].map((one) => one.destroy()));
  }
}).listen(Number(port), '0.0.0.0');
