// The catalogue of what can go wrong in ipamd itself: configuration, other installs, and what its controllers report.
import type { CatalogueEntry } from '../base/errors.ts';

/** Rows of the area IPAMD. */
export const ipamdErrors = {
  valuesInvalid: {
    code: 'IPAMD-VALUES-INVALID',
    title: 'The add-on values cannot be used',
    cause:
      'ConfigMap kube-system/tke-eni-ipamd is absent, or a key of it is missing, unknown or has a value that is not accepted.',
    cure: 'The message names the key, its value and what is accepted; edit the ConfigMap.',
    retry: 'terminal',
    eventReason: 'InvalidAddonValues',
  },
  leaseTooShort: {
    code: 'IPAMD-LEASE-TOO-SHORT',
    title: 'The lease is too short for the fence',
    cause:
      'A cloud call is sent only while the lease outlasts its time-out; with these flags it never would between two renewals.',
    cure: 'Raise --lease-duration, or lower --cloud-call-timeout or --retry-period.',
    retry: 'terminal',
    eventReason: 'LeaseTooShort',
  },
  foreignInstall: {
    code: 'IPAMD-FOREIGN-INSTALL',
    title: 'Another install of the same names is in this cluster',
    cause:
      'A Deployment or objects of our kinds exist that do not carry the marker label app.kubernetes.io/managed-by=trunkline.',
    cure: 'Remove the other install and start with --adopt to take its objects over; until then nothing is changed.',
    retry: 'terminal',
    eventReason: 'ForeignInstall',
  },
  credentialsInvalid: {
    code: 'IPAMD-CREDENTIALS-INVALID',
    title: 'The source of the cloud credentials is not complete',
    cause: 'An environment variable that the chosen source needs is not set.',
    cure: 'The message names the variable; or choose another --credential-source.',
    retry: 'terminal',
    eventReason: 'InvalidCredentialSource',
  },
  subnetUnknown: {
    code: 'IPAMD-SUBNET-UNKNOWN',
    title: 'A subnet is not described by the cloud',
    cause: 'It was deleted, or the credentials may not describe it.',
    cure: 'Correct subnetIds in the add-on values, or grant vpc:DescribeSubnets.',
    retry: 'retry',
    eventReason: 'SubnetUnknown',
  },
  instanceUnknown: {
    code: 'IPAMD-INSTANCE-UNKNOWN',
    title: 'The cloud knows no instance of this id',
    cause: "A node's providerID names an instance that ended or is of another account or region.",
    cure: 'Delete the node object, or correct its providerID and the region of the add-on values.',
    retry: 'retry',
    eventReason: 'InstanceUnknown',
  },
  groupsDenied: {
    code: 'IPAMD-GROUPS-DENIED',
    title: 'The role may not change the security groups of ENIs',
    cause: 'The CAM policy of spec 000 is not associated with the role of ipamd, or does not name the action.',
    cure: 'Grant the action that the message names; it is tried again without a restart.',
    retry: 'terminal',
    eventReason: 'SecurityGroupsUnauthorized',
  },
  groupsUnsettled: {
    code: 'IPAMD-GROUPS-UNSETTLED',
    title: 'The groups of an ENI do not come to rest',
    cause: 'Somebody else keeps changing them in the cloud.',
    cure: 'Find who else binds groups to the ENI that the message names (CloudAudit); it is tried again.',
    retry: 'retry',
    eventReason: 'SecurityGroupsUnsettled',
  },
  groupsPaused: {
    code: 'IPAMD-GROUPS-PAUSED',
    title: 'Security groups are not changed while calls are paused',
    cause: 'The add-on value `paused` is `all`.',
    cure: 'Set it to `none`; what differs is changed at once then.',
    retry: 'retry-after',
    eventReason: 'Paused',
  },
  notNodeEni: {
    code: 'IPAMD-NOT-NODE-ENI',
    title: 'A VpcENI names an ENI whose groups are not managed',
    cause: 'Its status was changed by hand, or the cloud gave the id to another ENI.',
    cure: 'Compare status.eni.eniID of the VpcENI with the ENI in the cloud.',
    retry: 'terminal',
    eventReason: 'NotNodeEni',
  },
  eniGone: {
    code: 'IPAMD-ENI-GONE',
    title: 'An ENI is gone from the cloud',
    cause: 'It was deleted by hand, or is about to be made anew.',
    cure: 'Nothing to do: its object is brought in step with the cloud.',
    retry: 'retry',
    eventReason: 'EniVanished',
  },
} as const satisfies Record<string, CatalogueEntry>;
