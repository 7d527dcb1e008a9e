// The Kubernetes API that a lab stands on: the embedded server, or a real one when it is at hand.
import type { Socket } from 'node:net';
import type { KubeConnection } from '../../src/kube/connection.ts';

export interface ClusterApi {
  /** What it is, for people: `embedded API server`, `kube-apiserver v1.30.0`. */
  readonly description: string;
  /** Of release 1.`minor`. */
  readonly minor: number;
  /** `https://host:port` on the machine's own network. */
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
  /** As an administrator. */
  readonly connection: KubeConnection;
  /** A kubeconfig of the administrator; holds a secret. */
  kubeconfig(): string;
  /** Where Pods find it: the ClusterIP and port of Service default/kubernetes. */
  readonly service: { readonly host: string; readonly port: number };
  /** Carries a raw TCP connection that was accepted elsewhere, TLS included. */
  accept(socket: Socket): void;
  /** A token of a ServiceAccount that outlives the lab. Rejects when there is no such ServiceAccount. */
  issueToken(namespace: string, serviceAccount: string): Promise<string>;
  /** Whether it finds Pods of the lab behind Services, for webhooks; a real one is told a URL on loopback instead. */
  readonly reachesServices: boolean;
  /** What the server's cluster brings already, so that the lab must not. */
  readonly brings: { readonly controllers: boolean; readonly scheduler: boolean };
  /** Whether everything that was made in it goes with it; otherwise the lab takes its own things away again. */
  readonly endsWithLab: boolean;
  close(): Promise<void>;
}

/** Which API a lab is asked to use. */
export type ApiChoice =
  | { readonly kind: 'embedded' }
  /** etcd and kube-apiserver in a folder, as `KUBEBUILDER_ASSETS` names it. */
  | { readonly kind: 'binaries'; readonly folder: string }
  /** The current context of a kubeconfig file, whose user may do everything. */
  | { readonly kind: 'kubeconfig'; readonly path: string };

/** A kubeconfig asked for by name wins over `KUBEBUILDER_ASSETS`; without either, the embedded server. */
export function chooseApi(
  kubeconfig: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ApiChoice {
  if (kubeconfig !== undefined) return { kind: 'kubeconfig', path: kubeconfig };
  const folder = env['KUBEBUILDER_ASSETS'];
  return folder === undefined || folder === '' ? { kind: 'embedded' } : { kind: 'binaries', folder };
}
