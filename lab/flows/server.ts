// A program for Pods of the lab: answers TCP and UDP on one port of one address with the caller's address. Arguments: address, port.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const [address = '0.0.0.0', port = '8080'] = process.argv.slice(2);

createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end(`${socket.remoteAddress}\n`);
}).listen(Number(port), address);

const udp = createSocket('udp4');
udp.on('message', (_text, from) => udp.send(`${from.address}\n`, from.port, from.address));
udp.bind(Number(port), address);
