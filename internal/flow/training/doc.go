// Package training keeps what visitors may want, has it learned, and serves
// what was learned: intents with examples and actions, the trainings, and the
// models with their histories.
//
// A change of intents queues a training. Run hands it to a Trainer, which is a
// child process of low priority in the program; the linear model serves as soon
// as it is made, and what comes after it takes its place. Models are blobs,
// sealed, with a row for each; which one serves is one value of the account,
// and every node takes the new one when it hears of desk.BotChanged. An
// account that has changed nothing is served the built-in intents.
//
// It does not decide what is answered (flow/bot), perform actions or keep
// conversations.
//
// Invariants:
//   - Current answers from memory once an account was asked for, and what it
//     answered never changes: a new model is a new Current.
//   - A change of an intent and the training it asks for are one commit.
//   - A training that ends well, fails or is cancelled leaves the model that
//     served before it, or a whole new one.
//   - The same examples and seed give the same model, byte for byte.
//   - Titles, examples, actions and models are sealed; names and topics are
//     settings and are not.
//
// Concurrency: a Service is safe for concurrent use. Its goroutines belong to
// Run.
//
// Imports: engine/{dialogue,nlu}, platform/{audit,blob,bus,seal,store,text,timer}, desk.
package training
