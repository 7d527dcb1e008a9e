// The public face of the embedded Kubernetes API server.
export type { AdminConnection, ApiServer, ApiServerOptions, ResolveService } from './api-server.ts';
export { startApiServer } from './start.ts';
