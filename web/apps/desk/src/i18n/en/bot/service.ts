import type { botService as chinese } from '../../zh-CN/bot/service.ts'

/** The bot in service: drafts, suggestions, decisions, settings. */
export const botService: typeof chinese = {
  tab: { drafts: 'Drafts', decisions: 'Decisions', settings: 'Settings' },
  source: 'Source:',
  corrected: 'Corrected',
  draft: { title: 'A draft of the bot waits for you', text: 'Text of the draft', sure: '{part} sure', left: '{n} s left', send: 'Send', sendEdited: 'Send edited', refuse: 'Refuse, hand over', teach: 'Add the edited answer to the knowledge too', theirs: '{name} is looking at it' },
  suggest: { title: 'Suggested replies', ignore: 'Not these' },
  correct: { save: 'Add to the knowledge', cancel: 'Cancel' },
  teach: {
    correct: 'Correct the bot’s answer', correctLead: 'Put it right, and the bot answers like this next time.', learn: 'Add this reply to the knowledge', learnLead: 'The next time somebody asks this, the bot answers like this.', question: 'What the customer asked', answer: 'The right answer',
    already: 'A colleague has corrected this answer already.', source: 'Open what it rests on: {title}', done: 'Added to the knowledge; it is used right away',
  },
  thumb: { up: 'The customer found it helpful', down: 'The customer did not find it helpful' },
  kind: { answer: 'Answered', review: 'Reviewed by a person', ask_back: 'Asked back', flow: 'Ran a flow', smalltalk: 'Small talk', hand_over: 'Handed over' },
  reason: {
    wish: 'asked for a person', mood: 'upset', unknown: 'beyond what is known', repeated: 'asked again', policy: 'the topic is for people', flow: 'the flow asks for it', no_text: 'no text', failure: 'the bot failed',
    thumb_down: 'did not help', review_expired: 'nobody looked in time', review_refused: 'the draft was refused', switched_off: 'switched off', close: 'two answers were close', chosen: 'the customer chose it', unsure: 'not sure enough',
  },
  outcome: { resolved: 'Resolved by the bot', handed_over: 'Handed over', taken_over: 'Taken over' },
  draftState: { waiting: 'Waits', sent: 'Sent', refused: 'Refused', expired: 'Expired', overtaken: 'Overtaken' },
  column: { at: 'Time', question: 'Question', did: 'What it did', sure: 'Sure', outcome: 'Outcome' },
  topic: { label: 'Topic', all: 'All topics', none: 'No topic' },
  adoption: { title: 'Suggested replies adopted', inserted: 'Sent as they were', edited: 'Edited', ignored: 'Not used', none: 'Nobody has been suggested a reply yet. They appear above the composer while a customer waits.' },
  byTopic: {
    title: 'By topic', lead: 'How sure the bot is, beside how often colleagues who looked again found it wrong.', topic: 'Topic', asked: 'Questions', answered: 'Answered', sure: 'Average confidence', wrong: 'Found wrong', found: '{part} of {n}', unchecked: 'Not checked', person: 'Person', check: 'Recheck “{topic}”',
  },
  drafts: { title: 'Drafts to review', lead: 'Answers that the bot is not sure enough about. Somebody looks before they are sent; if nobody does, people take over.', none: 'No drafts wait', noneHint: 'New ones appear here and in their conversation.', open: 'Open conversation' },
  decisions: {
    title: 'Decisions and thresholds', lead: 'How sure the bot has to be to answer by itself, and when a person looks first. The figures are of the real questions of the last 30 days.', none: 'The bot has not decided anything yet',
    noneHint: 'Let the bot answer first in the settings of an inbox; figures appear with the first questions.', more: 'Helpful {up} · not helpful {down} · resolved by the bot {resolved}',
  },
  curve: {
    title: 'Risk and coverage', label: 'Part answered automatically against the part of it that was wrong', axes: 'Across: part answered automatically. Up: part of the answers with a known outcome that was wrong. The full circle is where the slider is, the dashed one the threshold now.', across: 'Part answered automatically', unknown: 'Nothing is known to be right or wrong yet: recheck some below', here: '{part} answered, {risk} wrong', person: 'A person always answers this topic; thresholds do nothing.',
    each: 'What each threshold would have done', column: { threshold: 'Sure', coverage: 'Answered', count: 'Questions', risk: 'Wrong', known: 'Known' },
    answerAt: 'Answer when at least {n}% sure', reviewAt: 'A person looks from {n}% on', month: 'The {n} questions of the last 30 days', now: 'Now', would: 'With these', wrong: 'Wrong answers (known)', save: 'Save thresholds', saveTopic: 'Save thresholds of “{topic}”',
  },
  sample: { title: 'Recheck automatic answers', lead: 'Say whether these were right. The error rate found stands beside what the bot believes.', none: 'No automatic answers are left to recheck.', right: 'Right', wrong: 'Wrong' },
  log: { title: 'Decision log', more: 'Older' },
  settings: {
    title: 'Bot settings', lead: 'Which inboxes the bot answers first is set with each inbox.', enabled: 'Bot on', enabledHint: 'Off, and every conversation goes straight to people.', name: 'Name', nameHint: 'What customers see, marked as a virtual assistant.',
    burst: 'Wait for the rest (ms)', burstHint: 'Several messages in a row are read as one question.', review: 'A draft waits (s)', reviewHint: 'If nobody decides, people take over.', sources: 'Show sources', sourcesHint: 'Tells customers what an answer rests on.',
    zone: 'Time zone', zoneHint: 'Today and times in flows are meant in it.', find: 'Find', returns: 'Back to the bot after resolving', returnsHint: 'Customers who come back after a person resolved the conversation meet the bot first.', language: { 'zh-CN': 'Texts in Chinese', en: 'Texts in English' },
    text: { greeting: 'Greeting', hand_over: 'When handing over', fallback: 'When it does not know', salutation: 'Salutation, before answers' }, textDefault: 'Empty uses the usual text',
  },
  rules: {
    title: 'Rules by topic', lead: 'Who answers a topic, and which team it is handed to. Topics that are not listed follow the usual thresholds. FAQs and intents say their topic.', answers: 'Who answers', team: 'Handed over to', teamHint: 'Gets what the bot hands over, unless a topic says otherwise.',
    who: { usual: 'The bot, usual thresholds', own: 'The bot, own thresholds', person: 'Always a person' }, anyTeam: 'As the queue decides', usualTeam: 'Usual: {team}', goneTeam: 'A team that is gone',
    answer_at: 'Answers when sure', review_at: 'A person looks from', remove: 'Remove the rules of “{name}”', topic: 'Name of the topic', add: 'Add rules',
  },
  health: { title: 'Health', full: 'All is well', no_network: 'High load: the network model rests', plain_search: 'Very high load: plain search only', figures: '{waiting} conversations wait · slowest turn {slowest} ms' },
}
