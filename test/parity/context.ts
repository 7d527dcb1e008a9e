// What a parity case may use: three drivers (HTTP, the official JavaScript client, kubectl), names of its own, and clean-up.
import type { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { HttpDriver } from './drivers/http.ts';
import type { KubectlDriver } from './drivers/kubectl.ts';
import type { TestWebhook, WebhookAnswer } from './drivers/webhook.ts';
import type { ParityServer } from './parity-server.ts';

export interface ParityContext {
  readonly server: ParityServer;
  /** A namespace made for this case, with its `default` ServiceAccount; removed afterwards. */
  readonly namespace: string;
  /** `/api/v1/namespaces/<namespace>` */
  readonly core: string;
  /** `/apis/apps/v1/namespaces/<namespace>` */
  readonly apps: string;
  /** A name that nothing else has, for cluster-scoped objects and API groups: `prefix-x7k2p`. */
  unique(prefix: string): string;
  readonly http: HttpDriver;
  /** Needs `kubectl` in the case's `needs`. Runs in the case's namespace unless told otherwise. */
  readonly kubectl: KubectlDriver;
  /** The official client's configuration, as the administrator. Loaded on first use. */
  javascriptClient(): Promise<{ readonly config: KubeConfig; readonly core: CoreV1Api }>;
  /** An HTTPS webhook on loopback; needs `local-webhooks`. `answer` gets the AdmissionReview's request. */
  webhook(answer: WebhookAnswer): Promise<TestWebhook>;
  /** Polls until `check` gives something other than undefined; throws after 10 s with `what`. For states that controllers bring about. */
  until<T>(what: string, check: () => Promise<T | undefined>): Promise<T>;
  /** Runs at the end, last first, whatever happened. */
  defer(undo: () => Promise<unknown>): void;
}
