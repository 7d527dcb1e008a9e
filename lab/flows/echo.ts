// A program for Pods of the lab: says back over TCP what it is told, for as long as the connection lives. Arguments: address, port.
import { createServer } from 'node:net';

const [address = '0.0.0.0', port = '8080'] = process.argv.slice(2);

createServer((socket) => {
  socket.on('error', () => undefined);
  socket.pipe(socket);
}).listen(Number(port), address);
