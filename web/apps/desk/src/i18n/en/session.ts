import type { session as chinese } from '../zh-CN/session.ts'

export const session: typeof chinese = {
  session: {
    title: 'Log in to the desk',
    lead: 'Answer every customer. Miss no message.',
    email: 'E-mail',
    password: 'Password',
    show: 'Show password',
    hide: 'Hide password',
    code: 'Code',
    codeHint: 'The six digits of your authenticator, or a recovery code.',
    codeWrong: 'The code is wrong or was used already. Wait for the next one.',
    submit: 'Log in',
    demo: 'This is a demo company',
    demoHint: 'The account is filled in. Just log in.',
    wrong: 'E-mail or password is wrong. Check both and try again.',
    ended: 'Your session has ended. Please log in again.',
    logOut: 'Log out',
    stillIn: 'You are still logged in',
    leaveTitle: '{n} message is not sent yet | {n} messages are not sent yet',
    leaveLead: 'After you log out they are not sent.',
    leaveDrop: 'Discard and log out',
    leaveKeep: 'Keep on this device until I am back',
    leaveStay: 'Stay',
  },
}
