// CAM: may the role of the add-on call each action that it needs; and has the account the actions that need a ticket.
import { type ActionProbe, type DoctorInput } from '../input.ts';
import { type Check, type Finding, unknown } from '../check.ts';

export const actions: Check = {
  id: 'cam-actions',
  title: 'each CAM action, tried without effect',
  run: ({ probes, probesWhy, probedAs }) => {
    if (probes === undefined) return [unknown('CAM', probesWhy ?? 'the cloud was not asked')];
    return probes.flatMap((probe) => finding(probe, probedAs ?? 'these keys'));
  },
};

/** The actions that only accounts have that were allowed by ticket (spec 002, usage). */
export const allowList: Check = {
  id: 'allow-list',
  title: 'Trunking ENI and client tokens are granted to the account',
  run: (input) => [...offered(input), ...told(input)],
};

function finding({ action, neededBy, answer, detail }: ActionProbe, as: string): readonly Finding[] {
  switch (answer) {
    case 'allowed':
    case 'not-offered':
      return [];
    case 'denied':
      return [
        {
          severity: 'problem',
          subject: action,
          message: `${as} may not call it; needed by ${neededBy}: ${detail}`,
          fix: { text: `grant ${action} to the role of ipamd, IPAMDofTKE_QCSRole`, automatic: false },
        },
      ];
    case 'unknown':
      return [unknown(action, detail)];
  }
}

function offered({ probes = [] }: DoctorInput): readonly Finding[] {
  const absent = probes.filter(({ answer }) => answer === 'not-offered');
  if (absent.length === 0) return [];
  return [
    {
      severity: 'warning',
      subject: 'Trunking ENI',
      message: `the cloud does not know ${absent.map(({ action }) => action).join(', ')} for this account`,
      fix: { text: 'ask for Trunking ENI and the client-token feature by ticket (spec 002, usage)', automatic: false },
    },
  ];
}

/** What ipamd itself found out, as the policies' conditions tell. */
function told({ picture }: DoctorInput): readonly Finding[] {
  const words = [
    'ClientTokenNotHonoured',
    'AccountNotAllowed',
    'IpamdRoleNotAuthorized',
    'IpamdRoleLacksPolicy',
    'TkeRoleLacksPolicy',
  ];
  const messages = picture.kube.securityGroupPolicies.flatMap(({ status }) =>
    (status?.conditions ?? [])
      .filter(({ type }) => type === 'TrunkingAvailable')
      .map(({ reason, message }) => `${reason}: ${message}`),
  );
  return words.flatMap((word): Finding[] => {
    const said = messages.find((message) => message.includes(word));
    if (said === undefined) return [];
    return [{ severity: 'warning', subject: 'Trunking ENI', message: `ipamd says: ${sentenceWith(said, word)}` }];
  });
}

function sentenceWith(text: string, word: string): string {
  const from = text.indexOf(word);
  const end = text.indexOf('. Warning ', from);
  return text.slice(from, end < 0 ? undefined : end);
}
