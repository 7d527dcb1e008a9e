// Everything the checks of `doctor` look at: the picture, and what only doctor asks for.
import type { EipClaim } from '../../api/eip-claim.ts';
import type { Eip } from '../../cloud/eip-calls.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ClusterPicture } from '../picture/picture.ts';

/** What the cloud said to one action: `allowed` when anything but authorization stopped it. */
export type ActionAnswer = 'allowed' | 'denied' | 'not-offered' | 'unknown';

export interface ActionProbe {
  /** As CAM names it: `vpc:CreateNetworkInterface`. */
  readonly action: string;
  /** What needs it: `Pods with groups`, `EIPs`, ... */
  readonly neededBy: string;
  readonly answer: ActionAnswer;
  /** The cloud's words. */
  readonly detail: string;
}

/** apps/v1 Deployment or DaemonSet, as far as doctor reads it. */
export interface Deployment extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly {
          readonly name?: string;
          readonly image?: string;
          readonly args?: readonly string[];
        }[];
      };
    };
  };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly numberReady?: number;
  };
}

export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name?: string;
    readonly failurePolicy?: string;
    readonly clientConfig?: {
      readonly caBundle?: string;
      readonly service?: { readonly namespace?: string; readonly name?: string };
    };
  }[];
}

export interface DoctorInput {
  readonly picture: ClusterPicture;
  readonly now: Date;
  /** UID of namespace kube-system: the cluster's mark on cloud resources. Absent: not readable. */
  readonly clusterUid?: string;
  /** Absent: the cloud was not asked; `probesWhy` says why. */
  readonly probes?: readonly ActionProbe[];
  readonly probesWhy?: string;
  /** Whose keys the probes were made with. */
  readonly probedAs?: string;
  /** EIPs with the mark of this cluster, and the claims as they were after that; absent: not asked, or not readable, as `eipsWhy` says. */
  readonly eips?: { readonly eips: readonly Eip[]; readonly claims: readonly EipClaim[] };
  readonly eipsWhy?: string;
  /** Both kinds; absent: not readable. */
  readonly webhooks?: readonly WebhookConfiguration[];
  /** Deployments of the webhook's namespace; absent: not readable. */
  readonly webhookDeployments?: readonly Deployment[];
  /** Expiry of certificates, RFC 3339, by a name that tells which; from caBundles, and from the Secret where it may be read. */
  readonly certificates: readonly { readonly name: string; readonly notAfter: string }[];
}
