// The public face of the embedded Kubernetes API server.
export type { AdminConnection, ApiServer, ApiServerOptions, ResolveService } from './start.ts';
export { startApiServer } from './start.ts';
