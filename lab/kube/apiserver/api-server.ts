// The contract of the embedded API server: what it is started with, and what it gives.
import type { Socket } from 'node:net';
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { ClientCertificate } from './access/certificates.ts';
import type { IdSource } from './core.ts';
import type { FindNodeStreams } from './streaming/node-streams.ts';

/** Finds where a port of a Service is served; `undefined` when nothing answers for it. */
export type ResolveService = (
  namespace: string,
  name: string,
  port: number,
) => Promise<{ readonly host: string; readonly port: number } | undefined>;

export interface ApiServerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Further names and addresses of the serving certificate. */
  readonly extraSans?: readonly string[];
  /** Where webhooks that name a Service are called. */
  readonly resolveService: ResolveService;
  /** `iss` of ServiceAccount tokens; default `https://kubernetes.default.svc.cluster.local`. */
  readonly serviceAccountIssuer?: string;
  /** Events kept per resource for watches to resume from; default 5,000. Older versions answer 410. */
  readonly historyLimit?: number;
  /** Who serves exec, attach, port-forward and logs of a node's Pods; default nobody. */
  readonly nodeStreams?: FindNodeStreams;
  /** Default: random. */
  readonly ids?: IdSource;
  /**
   * Folder that keeps the objects across restarts, made when absent; default: memory only. Saved every 10 s while something
   * changes and at `close`: an unclean stop loses at most the changes since the last save. Certificates and tokens are made
   * anew at each start all the same.
   */
  readonly dataDir?: string;
}

/** What src/kube needs to talk to the server as its administrator (the shape of `KubeConnection`). */
export interface AdminConnection {
  readonly server: string;
  readonly caPem: string;
  readonly auth: { readonly kind: 'token'; readonly token: string };
}

export interface ApiServer {
  /** `https://host:port`. */
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
  /** A kubeconfig of the administrator (group system:masters), for `server` or the server's own url. Holds a secret. */
  adminKubeconfig(server?: string): string;
  adminConnection(): AdminConnection;
  /** Serves a raw TCP connection that was accepted elsewhere, TLS included. */
  accept(socket: Socket): void;
  /** A token of a ServiceAccount for a year. Throws StatusError (404) when there is no such ServiceAccount. */
  issueToken(namespace: string, serviceAccount: string): string;
  /** A client certificate that the server takes: `user` is its CN, each of `groups` an O. Holds a secret. */
  issueClientCertificate(user: string, groups: readonly string[]): Promise<ClientCertificate>;
  /** Forgets old versions, as etcd's compaction does: watches and list pages from before answer 410. */
  compact(): void;
  /** Ends every connection and watch, and the listener; with a `dataDir`, saves for the last time (rejects when that fails). */
  close(): Promise<void>;
}
