// The catalogue of what can go wrong between us and a Kubernetes API server.
import type { CatalogueEntry } from '../base/errors.ts';

const row = (entry: CatalogueEntry): CatalogueEntry => entry;

/** Rows of the area KUBE; `trunkline explain KUBE-...` and the docs page are made from them. */
export const kubeErrors = {
  configInvalid: row({
    code: 'KUBE-CONFIG-INVALID',
    title: 'The Kubernetes credentials cannot be used',
    cause:
      'A kubeconfig or the files of the ServiceAccount are missing, malformed, or ask for a method of authentication that is not supported.',
    cure: 'The message names the file, the key and what is accepted there.',
    retry: 'terminal',
    eventReason: 'KubeConfigInvalid',
  }),
  requestInvalid: row({
    code: 'KUBE-REQUEST-INVALID',
    title: 'A call to the Kubernetes API could not be built',
    cause:
      'The caller gave no name, no namespace for a namespaced resource, or a patch without the field manager that it needs.',
    cure: 'This is a defect of the program that made the call: report it with the message.',
    retry: 'terminal',
    eventReason: 'KubeRequestInvalid',
  }),
  connection: row({
    code: 'KUBE-CONNECTION-FAILED',
    title: 'The Kubernetes API could not be reached',
    cause: 'The connection was refused, broken, silent for too long, or its TLS handshake failed.',
    cure: 'Check the server address and certificate authority in the credentials, and that the API server runs.',
    retry: 'retry',
    eventReason: 'KubeConnectionFailed',
  }),
  answerMalformed: row({
    code: 'KUBE-ANSWER-MALFORMED',
    title: 'The Kubernetes API answered with something that is not its JSON',
    cause: 'A proxy answered in the place of the API server, or the answer was cut in the middle.',
    cure: 'Check that the server address leads to a Kubernetes API without a proxy in between.',
    retry: 'retry',
    eventReason: 'KubeAnswerMalformed',
  }),
  unauthorized: row({
    code: 'KUBE-UNAUTHORIZED',
    title: 'The Kubernetes API does not know these credentials',
    cause: 'The token expired or was revoked, or the client certificate is not signed by the cluster.',
    cure: 'Renew the token or the kubeconfig; a rotated token file is picked up without a restart.',
    retry: 'retry',
    eventReason: 'KubeUnauthorized',
  }),
  forbidden: row({
    code: 'KUBE-FORBIDDEN',
    title: 'The Kubernetes API refuses this call to this ServiceAccount',
    cause: 'A ClusterRole or Role lacks the verb, or the namespace is being terminated.',
    cure: 'Apply the RBAC of deploy/; the message names verb, resource and user.',
    retry: 'retry',
    eventReason: 'KubeForbidden',
  }),
  notFound: row({
    code: 'KUBE-NOT-FOUND',
    title: 'The object or the resource does not exist',
    cause: 'The object was deleted, or the custom resource definition is not installed.',
    cure: 'For a missing resource, apply the CRDs of deploy/.',
    retry: 'not-found',
    eventReason: 'KubeNotFound',
  }),
  conflict: row({
    code: 'KUBE-CONFLICT',
    title: 'The object changed since it was read',
    cause: 'Another writer was faster, or an object of this name exists already.',
    cure: 'Nothing to do: the object is read and compared again.',
    retry: 'conflict',
    eventReason: 'KubeConflict',
  }),
  expired: row({
    code: 'KUBE-EXPIRED',
    title: 'The resource version is too old',
    cause: 'The watch or list continued from a version that the API server has compacted.',
    cure: 'Nothing to do: the resource is listed again.',
    retry: 'retry',
    eventReason: 'KubeExpired',
  }),
  throttled: row({
    code: 'KUBE-THROTTLED',
    title: 'The Kubernetes API asks for slower calls',
    cause: 'Priority and fairness, or an eviction held back by a disruption budget.',
    cure: 'Usually passes; otherwise lower --kube-api-qps or raise the priority level of the ServiceAccount.',
    retry: 'retry-after',
    eventReason: 'KubeThrottled',
  }),
  rejected: row({
    code: 'KUBE-REJECTED',
    title: 'The Kubernetes API refuses the content of this call',
    cause: 'The object fails validation or admission, or the server does not implement the call.',
    cure: "The message carries the server's own reason.",
    retry: 'terminal',
    eventReason: 'KubeRejected',
  }),
  serverError: row({
    code: 'KUBE-SERVER-ERROR',
    title: 'The Kubernetes API failed',
    cause: 'The API server, its store or one of its webhooks is in trouble.',
    cure: 'Look at the API server; calls are retried with back-off.',
    retry: 'retry',
    eventReason: 'KubeServerError',
  }),
  leadershipLost: row({
    code: 'KUBE-LEADERSHIP-LOST',
    title: 'This process is no longer the leader',
    cause: 'The lease was not renewed in time, or another process holds it.',
    cure: 'The process ends and its replacement stands for election again; if it recurs, look at the latency of the Kubernetes API.',
    retry: 'terminal',
    eventReason: 'LeadershipLost',
  }),
  partStopped: row({
    code: 'KUBE-PART-STOPPED',
    title: 'A part of the program ended by itself',
    cause: 'An informer, server or controller returned or failed although nothing asked it to stop.',
    cure: 'The process ends so that it is restarted; the message names the part and its error.',
    retry: 'terminal',
    eventReason: 'PartStopped',
  }),
} as const satisfies Record<string, CatalogueEntry>;
