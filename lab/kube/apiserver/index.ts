// The public face of the embedded Kubernetes API server.
export type { AdminConnection, ApiServer, ApiServerOptions, ResolveService } from './api-server.ts';
export type { FindNodeStreams, NodeStreams, StreamTarget } from './streaming/node-streams.ts';
export { StreamRefusal } from './streaming/node-streams.ts';
export { startApiServer } from './start.ts';
