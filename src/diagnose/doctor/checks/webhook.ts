// Admission: the certificates of the webhook, who trusts them, and what happens while it is away.
import { type Check, type DoctorInput, type Finding, unknown } from '../check.ts';

const SOON_MS = 7 * 86_400_000;

export const webhook: Check = {
  id: 'webhook',
  title: 'the certificate of the webhook',
  run: (input) => [...configurations(input), ...certificates(input)],
};

function configurations({ webhooks }: DoctorInput): readonly Finding[] {
  if (webhooks === undefined) return [unknown('webhook configurations', 'they may not be read')];
  if (webhooks.length === 0)
    return [
      {
        severity: 'warning',
        subject: 'webhook configurations',
        message: 'there is none of ours: the API server asks no webhook',
        fix: { text: 'install it', command: 'kubectl apply -k deploy/webhook', automatic: false },
      },
    ];
  return webhooks.flatMap(({ kind, metadata, webhooks: each = [] }): Finding[] =>
    each
      .filter(({ clientConfig }) => (clientConfig?.caBundle ?? '') === '')
      .map(({ name }) => ({
        severity: 'problem',
        subject: `${kind || 'webhook configuration'} ${metadata.name}`,
        message: `${name ?? 'a webhook of it'} has no caBundle: the API server trusts no certificate of it`,
        fix: {
          text: 'the webhook writes it itself: look at its log',
          command: 'kubectl -n tke-eni-ip-webhook logs deployment/add-pod-eni-ip-limit-webhook',
          automatic: false,
        },
      })),
  );
}

function certificates({ certificates: all, now }: DoctorInput): readonly Finding[] {
  return all.flatMap(({ name, notAfter }): Finding[] => {
    const left = Date.parse(notAfter) - now.getTime();
    if (left > SOON_MS) return [];
    return [
      {
        severity: left <= 0 ? 'problem' : 'warning',
        subject: name,
        message: left <= 0 ? `it ended at ${notAfter}` : `it ends at ${notAfter}`,
        fix: {
          text: 'the webhook renews it itself a third of its life before that: look at its log',
          automatic: false,
        },
      },
    ];
  });
}
