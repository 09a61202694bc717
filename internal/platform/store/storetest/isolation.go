package storetest

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// victim is a tenant with one of everything, for another account to look for.
type victim struct {
	*Tenant
	in, out store.Outcome
	message desk.MessageID
	token   store.APIToken
	session store.Session
	letter  store.DeadLetter
	timer   store.Timer
	job     store.Job
	item    store.OutboxItem
	file    store.Attachment
	note    store.ContactNote
	merge   store.ContactMerge
	visit   store.PageVisit
	mail    store.Mail
	rating  store.Rating
	role    store.Role
	invited store.Invitation
	factor  store.SecondFactor
	act     store.Act
}

func newVictim(n *Tenant) *victim {
	v := &victim{Tenant: n}
	v.in = n.Do(n.Receive("ada", "k", []byte("secret")))
	v.out = n.Do(n.Reply(v.in.Conversation.ID, "", []byte("secret")))
	v.message = desk.MessageID(v.out.ResultID)
	n.Do(store.Command{
		Account: n.ID, Target: store.Target{Conversation: v.in.Conversation.ID},
		Decide: func(store.Situation) (store.Effects, error) {
			return store.Effects{Statuses: []store.MessageStatus{{MessageID: v.message, Status: desk.Queued, ExternalID: "external"}}}, nil
		},
	})
	v.token = store.APIToken{ID: n.IDs.Other("tok"), AccountID: n.ID, AgentID: n.Agent.ID, Hash: n.IDs.Other("hash")}
	v.session = store.Session{Hash: n.IDs.Other("hash"), ID: n.IDs.Other("ses"), AccountID: n.ID, AgentID: n.Agent.ID}
	furnishPeople(v)
	v.timer = store.Timer{
		TimerRef: store.TimerRef{AccountID: n.ID, Kind: "snooze", Subject: "subject"}, Due: n.Clock.Now().Add(10000 * time.Hour),
	}
	v.job = store.Job{ID: n.IDs.Other("job"), AccountID: n.ID, Kind: "rotation", State: store.JobDone}
	v.item = store.OutboxItem{AccountID: n.ID, MessageID: v.message}
	v.file = n.upload(5)
	v.mail = n.Mail()
	v.note = store.ContactNote{ID: n.IDs.Other("nte"), AccountID: n.ID, ContactID: v.in.ContactID, Body: desk.Sealed("secret")}
	v.merge = store.ContactMerge{ID: n.IDs.Other("mrg"), AccountID: n.ID, Keep: v.in.ContactID, Moved: desk.Sealed("secret")}
	v.visit = store.PageVisit{ID: n.IDs.Other("pgv"), AccountID: n.ID, ContactID: v.in.ContactID, Body: desk.Sealed("secret"), At: n.Clock.Now()}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertMail(ctx, v.mail), tx.InsertContactNote(ctx, v.note), tx.InsertContactMerge(ctx, v.merge),
			tx.InsertPageVisits(ctx, n.ID, v.in.ContactID, []store.PageVisit{v.visit}, 10),
			tx.PutContactRevision(ctx, n.ID, v.in.ContactID, store.ContactRevision{Version: 3}),
			tx.SetContactTokens(ctx, n.ID, v.in.ContactID, []uint64{77}),
		)
	})
	v.rating = store.Rating{AccountID: n.ID, ConversationID: v.in.Conversation.ID, Score: 3}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		for _, err := range []error{
			tx.InsertAPIToken(ctx, v.token), tx.InsertSession(ctx, v.session), tx.PutTimer(ctx, v.timer), tx.SaveJob(ctx, v.job), tx.PutRating(ctx, v.rating),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(n, n.Store.AddKey(n.Ctx, n.ID, seal.WrappedKey{ID: 1, Purpose: "data", Wrapped: []byte("wrapped")}))
	events, err := n.Store.AccountEvents(n.Ctx, n.ID, 0, 1)
	require.NoError(n, err)
	v.letter = store.DeadLetter{ID: n.IDs.Other("ded"), Consumer: n.IDs.Other("consumer"), Event: events[0]}
	require.NoError(n, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error { return tx.Park(ctx, v.letter) }))
	return v
}

// installation are methods that serve the installation or find an account by
// an unguessable secret. They take no account and need no isolation.
var installation = map[string]bool{
	"AcquireLease": true, "AgentByEmailHash": true, "AttachmentByID": true, "AttachmentsKnown": true, "UselessAttachments": true, "Accounts": true, "APIToken": true, "ClaimPositions": true, "Close": true,
	"Dialect": true, "DueOutbox": true, "DueMails": true, "DueReplays": true, "DueTimers": true, "HoldTimers": true, "TakeAll": true, "Epoch": true, "Events": true, "Head": true,
	"InboxByKey": true, "Index": true, "InvitationByHash": true, "InstallationValue": true, "NextOutbox": true, "NextTimer": true, "OldDrafts": true, "Oldest": true,
	"ParkedConversations": true, "Positions": true, "ReleaseLease": true, "ReleasePositions": true, "RenewLease": true,
	"ClaimTrainingJobs": true, "TrainingJobsDue": true, "IntentModelsKnown": true,
	"Run": true, "RunningJobs": true, "Session": true, "Trim": true, "TrimKeys": true, "Watch": true, "Waves": true, "Write": true, "WriteAlone": true, "UntrainedKnowledge": true,
}

// isolation calls every method with the other's ids and the own account. None
// may find anything. A method that is in neither list fails the test.
func isolation(n *Tenant) {
	v := newVictim(n.Tenant())
	ctx, s, me := n.Ctx, n.Store, n.ID
	cnv, con := v.in.Conversation.ID, v.in.ContactID
	shard, _ := cnv.Shard()
	empty := func(x any, err error) {
		n.Helper()
		require.NoError(n, err)
		require.Zero(n, reflect.ValueOf(x).Len())
	}
	missing := func(x any, err error) {
		n.Helper()
		n.kind(desk.NotFound, err)
		require.Zero(n, x)
	}
	own := map[string]func(){
		"Account": func() {
			// An account is found by its own id only; ids are not guessable.
			a, err := s.Account(ctx, me)
			require.NoError(n, err)
			require.Equal(n, me, a.ID)
		},
		"AccountEvents": func() { empty(s.AccountEvents(ctx, me, 0, 0)) },
		"AddKey": func() {
			require.NoError(n, s.AddKey(ctx, me, seal.WrappedKey{ID: 1, Purpose: "data", Wrapped: []byte("mine")}))
			theirs, err := s.LoadKeys(ctx, v.ID)
			require.NoError(n, err)
			require.Equal(n, []byte("wrapped"), theirs[0].Wrapped)
		},
		"UpdateKey": func() { n.kind(desk.NotFound, s.UpdateKey(ctx, n.IDs.Account(), seal.WrappedKey{ID: 1})) },
		"LoadKeys":  func() { empty(s.LoadKeys(ctx, n.IDs.Account())) },
		"Agent":     func() { missing(s.Agent(ctx, me, v.Agent.ID)) },
		"Agents": func() {
			list, err := s.Agents(ctx, me)
			require.NoError(n, err)
			require.Equal(n, []store.Agent{n.Agent}, list)
		},
		"Mail":     func() { missing(s.Mail(ctx, me, v.mail.ID)) },
		"Mails":    func() { empty(s.Mails(ctx, me, "", 0)) },
		"MailPage": func() { empty(s.MailPage(ctx, me, "", 0)) },
		"ContactRevision": func() {
			rev, err := s.ContactRevision(ctx, me, con)
			require.NoError(n, err)
			require.Zero(n, rev)
		},
		"ContactRevisions":   func() { empty(s.ContactRevisions(ctx, me, []desk.ContactID{con})) },
		"ContactsBefore":     func() { empty(s.ContactsBefore(ctx, me, "", 0)) },
		"ContactsByTokens":   func() { empty(s.ContactsByTokens(ctx, me, []uint64{77}, "", 0)) },
		"ContactNote":        func() { missing(s.ContactNote(ctx, me, v.note.ID)) },
		"ContactNotes":       func() { empty(s.ContactNotes(ctx, me, con, "", 0)) },
		"ContactNotePage":    func() { empty(s.ContactNotePage(ctx, me, "", 0)) },
		"PageVisits":         func() { empty(s.PageVisits(ctx, me, con, "", 0)) },
		"PageVisitPage":      func() { empty(s.PageVisitPage(ctx, me, "", 0)) },
		"ContactMerge":       func() { missing(s.ContactMerge(ctx, me, v.merge.ID)) },
		"ContactMerges":      func() { empty(s.ContactMerges(ctx, me, con, 0)) },
		"ContactMergePage":   func() { empty(s.ContactMergePage(ctx, me, "", 0)) },
		"LiveConversations":  func() { empty(s.LiveConversations(ctx, me, con)) },
		"AllConversations":   func() { empty(s.AllConversations(ctx, me, con)) },
		"Attachment":         func() { missing(s.Attachment(ctx, me, v.file.ID)) },
		"AttachmentByUpload": func() { missing(s.AttachmentByUpload(ctx, me, v.file.UploadKey)) },
		"AttachmentPage":     func() { empty(s.AttachmentPage(ctx, me, "", 0)) },
		"Attachments":        func() { empty(s.Attachments(ctx, me, []desk.AttachmentID{v.file.ID})) },
		"AttachmentUsage": func() {
			usage, err := s.AttachmentUsage(ctx, me)
			require.NoError(n, err)
			require.Zero(n, usage)
		},
		"APITokens":         func() { empty(s.APITokens(ctx, me)) },
		"Contact":           func() { missing(s.Contact(ctx, me, con)) },
		"Contacts":          func() { empty(s.Contacts(ctx, me, []desk.ContactID{con})) },
		"ContactPage":       func() { empty(s.ContactPage(ctx, me, "", 0)) },
		"ContactByIdentity": func() { missing(s.ContactByIdentity(ctx, me, "user", "ada")) },
		"Conversation":      func() { missing(s.Conversation(ctx, me, cnv)) },
		"Conversations": func() {
			empty(s.Conversations(ctx, me, store.ConversationFilter{}, store.Page{}))
			empty(s.Conversations(ctx, me, store.ConversationFilter{Contact: con}, store.Page{}))
			empty(s.Conversations(ctx, me, store.ConversationFilter{Assignee: &v.Agent.ID}, store.Page{}))
			empty(s.Conversations(ctx, me, store.ConversationFilter{Team: v.Team.ID}, store.Page{}))
			empty(s.Conversations(ctx, me, store.ConversationFilter{Assignee: &v.Agent.ID, Team: v.Team.ID}, store.Page{}))
		},
		"ConversationPage": func() { empty(s.ConversationPage(ctx, me, shard, "", 0)) },
		"CountConversations": func() {
			counts, err := s.CountConversations(ctx, me, v.Agent.ID, desk.SeesAll())
			require.NoError(n, err)
			require.Zero(n, counts)
		},
		"DeadLetter":  func() { missing(s.DeadLetter(ctx, me, v.letter.ID)) },
		"DeadLetters": func() { empty(s.DeadLetters(ctx, me, store.Page{})) },
		"Do": func() {
			_, err := s.Do(ctx, n.Reply(cnv, "", []byte("intruder")))
			n.kind(desk.NotFound, err)
		},
		"Identities": func() { empty(s.Identities(ctx, me, con)) },
		"Inbox":      func() { missing(s.Inbox(ctx, me, v.Inbox.ID)) },
		"Inboxes": func() {
			list, err := s.Inboxes(ctx, me)
			require.NoError(n, err)
			require.Equal(n, []store.Inbox{n.Inbox}, list)
		},
		"FirstAnswer":       func() { missing(s.FirstAnswer(ctx, me, "once", "theirs")) },
		"ConversationsByID": func() { empty(s.ConversationsByID(ctx, me, []desk.ConversationID{cnv})) },
		"Job":               func() { missing(s.Job(ctx, me, v.job.Kind)) },
		"LiveConversation":  func() { missing(s.LiveConversation(ctx, me, con, "")) },
		"Message":           func() { missing(s.Message(ctx, me, v.message)) },
		"MessageByExternal": func() { missing(s.MessageByExternal(ctx, me, v.Inbox.ID, "external")) },
		"MessagePage":       func() { empty(s.MessagePage(ctx, me, shard, "", 0)) },
		"Messages": func() {
			for _, r := range []store.MessageRange{{}, {PublicOnly: true}, {BeforeSeq: 9}, {BeforeSeq: 9, PublicOnly: true}} {
				empty(s.Messages(ctx, me, cnv, r))
			}
		},
		"MessagesByID": func() { empty(s.MessagesByID(ctx, me, []desk.MessageID{v.message})) },
		"Rating":       func() { missing(s.Rating(ctx, me, cnv)) },
		"RatingPage":   func() { empty(s.RatingPage(ctx, me, "", 0)) },
		"ContactRating": func() {
			_, count, err := s.ContactRating(ctx, me, con)
			require.NoError(n, err)
			require.Zero(n, count)
		},
		"Teams": func() {
			list, err := s.Teams(ctx, me)
			require.NoError(n, err)
			require.Equal(n, []desk.Team{n.Team}, list)
		},
		"Timer": func() {
			missing(s.Timer(ctx, store.TimerRef{AccountID: me, Kind: v.timer.Kind, Subject: v.timer.Subject}))
		},
	}
	maps.Copy(own, toolboxReads(n, v, empty, missing))
	maps.Copy(own, peopleReads(n, v, empty, missing))
	maps.Copy(own, queueReads(n, v, empty))
	maps.Copy(own, botReads(n, v, empty, missing))
	maps.Copy(own, trainingReads(n, v, empty, missing))
	maps.Copy(own, knowledgeReads(n, v, empty, missing))
	maps.Copy(own, scenarioReads(n, v, empty, missing))
	maps.Copy(own, reviewReads(n, v, empty, missing))
	n.everyMethod(reflect.TypeFor[*store.Store](), installation, own)
}

// everyMethod runs the checks and demands that each method has one or is
// excepted.
func (n *Tenant) everyMethod(t reflect.Type, except map[string]bool, checks map[string]func()) {
	for method := range t.Methods() {
		name := method.Name
		check := checks[name]
		require.NotEqual(n, except[name], check != nil, "method %s needs a check of isolation", name)
		if check != nil {
			check()
		}
	}
}

// isolationOfTransaction calls every writing method of a transaction of one
// account on the other's rows. Each must refuse, and nothing may change.
func isolationOfTransaction(n *Tenant) {
	v := newVictim(n.Tenant())
	// denied: the row names the other account. hidden: the own account is named
	// with the other's id.
	denied := func(unit func(context.Context, *store.Tx) error) func() {
		return func() { n.Helper(); n.kind(desk.Denied, n.Store.Write(n.Ctx, n.ID, unit)) }
	}
	hidden := func(unit func(context.Context, *store.Tx) error) func() {
		return func() { n.Helper(); n.kind(desk.NotFound, n.Store.Write(n.Ctx, n.ID, unit)) }
	}
	both := func(unit func(context.Context, *store.Tx, desk.AccountID) error) func() {
		return func() {
			n.Helper()
			denied(func(ctx context.Context, tx *store.Tx) error { return unit(ctx, tx, v.ID) })()
			hidden(func(ctx context.Context, tx *store.Tx) error { return unit(ctx, tx, n.ID) })()
		}
	}
	except := map[string]bool{"Account": true, "Now": true, "Events": true}
	reads := reflect.TypeFor[store.Reads]()
	for method := range reads.Methods() { // checked on the store
		except[method.Name] = true
	}
	checks := map[string]func(){
		"CancelTimer": denied(func(ctx context.Context, tx *store.Tx) error { return tx.CancelTimer(ctx, v.timer.TimerRef) }),
		"DeleteTimer": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteTimer(ctx, v.timer.TimerRef, v.timer.Due)
		}),
		"PutRating":  denied(func(ctx context.Context, tx *store.Tx) error { return tx.PutRating(ctx, v.rating) }),
		"PutTimer":   denied(func(ctx context.Context, tx *store.Tx) error { return tx.PutTimer(ctx, v.timer) }),
		"InsertMail": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertMail(ctx, v.mail) }),
		"UpdateMail": denied(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMail(ctx, v.mail) }),
		"DeleteMail": denied(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteMail(ctx, v.mail) }),
		"UpdateMailBody": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdateMailBody(ctx, a, v.mail.ID, desk.Sealed("x"))
		}),
		"DeleteDeadMails": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteDeadMails(ctx, tx.Now())
			return err
		}),
		"PutContactRevision": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutContactRevision(ctx, v.ID, v.in.ContactID, store.ContactRevision{Version: 9})
		}),
		"SetContactTokens": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetContactTokens(ctx, v.ID, v.in.ContactID, nil)
		}),
		"InsertContactNote": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertContactNote(ctx, v.note) }),
		"UpdateContactNote": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			note := v.note
			note.AccountID = a
			return tx.UpdateContactNote(ctx, note)
		}),
		"DeleteContactNote": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteContactNote(ctx, a, v.note.ID)
		}),
		"InsertPageVisits": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertPageVisits(ctx, v.ID, v.in.ContactID, nil, 1)
		}),
		"UpdatePageVisit": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdatePageVisit(ctx, a, v.visit.ID, desk.Sealed("x"))
		}),
		"DeleteOldPageVisits": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteOldPageVisits(ctx, tx.Now())
			return err
		}),
		"InsertContactMerge": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertContactMerge(ctx, v.merge) }),
		"UpdateContactMerge": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			merge := v.merge
			merge.AccountID = a
			return tx.UpdateContactMerge(ctx, merge)
		}),
		"MoveIdentity": denied(func(ctx context.Context, tx *store.Tx) error {
			i := store.Identity{AccountID: v.ID, Scope: "user", Hash: "ada", ContactID: v.in.ContactID}
			_, err := tx.MoveIdentity(ctx, i, n.IDs.Contact(), nil)
			require.ErrorIs(n, err, desk.Denied)
			i.AccountID = n.ID
			moved, own := tx.MoveIdentity(ctx, i, n.IDs.Contact(), nil)
			require.NoError(n, own)
			require.False(n, moved)
			return err
		}),
		"MoveConversation": denied(func(ctx context.Context, tx *store.Tx) error {
			moved, err := tx.MoveConversation(ctx, n.ID, v.in.Conversation.ID, v.in.ContactID, n.IDs.Contact())
			require.NoError(n, err)
			require.False(n, moved)
			_, err = tx.MoveConversation(ctx, v.ID, v.in.Conversation.ID, v.in.ContactID, n.IDs.Contact())
			return err
		}),
		"PutLiveConversation": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutLiveConversation(ctx, store.LiveConversation{AccountID: v.ID, ContactID: v.in.ContactID})
		}),
		"DeleteLiveConversation": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteLiveConversation(ctx, store.LiveConversation{AccountID: v.ID, ContactID: v.in.ContactID})
		}),
		"InsertAttachment": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertAttachment(ctx, v.file)
			return err
		}),
		"UpdateAttachmentMeta": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdateAttachmentMeta(ctx, a, v.file.ID, desk.Sealed("x"))
		}),
		"KeepAttachment": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.KeepAttachment(ctx, a, "eve", v.file.ID)
		}),
		"ReleaseAttachments": denied(func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseAttachments(ctx, v.ID, "eve") }),
		"DeleteAttachment": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			file := v.file
			file.AccountID = a
			return tx.DeleteAttachment(ctx, file, n.Clock.Now())
		}),
		"DeleteAPIToken": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteAPIToken(ctx, a, v.token.ID)
		}),
		"TouchAPIToken": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.TouchAPIToken(ctx, a, v.token.ID)
		}),
		"InsertAPIToken": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertAPIToken(ctx, v.token) }),
		"DeleteAgentSessions": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteAgentSessions(ctx, v.ID, v.Agent.ID, "")
		}),
		"DeleteSession": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteSession(ctx, a, v.session.Hash)
		}),
		"TouchSession": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.TouchSession(ctx, a, v.session.Hash, tx.Now())
		}),
		"InsertSession": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertSession(ctx, v.session) }),
		"DeleteExpiredSessions": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteExpiredSessions(ctx, tx.Now())
			return err
		}),
		"DeleteDeadLetter": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteDeadLetter(ctx, a, v.letter.ID)
		}),
		"Replay": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error { return tx.Replay(ctx, a, v.letter.ID) }),
		"Park":   denied(func(ctx context.Context, tx *store.Tx) error { return tx.Park(ctx, v.letter) }),
		"DeleteInbox": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteInbox(ctx, a, v.Inbox.ID)
		}),
		"PutInbox": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			in := v.Inbox
			in.AccountID = a
			return tx.PutInbox(ctx, in)
		}),
		"PutAgent": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			agent := v.Agent
			agent.AccountID = a
			return tx.PutAgent(ctx, agent)
		}),
		"PutTeam": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			team := v.Team
			team.AccountID = a
			return tx.PutTeam(ctx, team)
		}),
		"DeleteTeam": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteTeam(ctx, a, v.Team.ID)
		}),
		"SaveJob": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			j := v.job
			j.AccountID = a
			return tx.SaveJob(ctx, j)
		}),
		"UpdateContact": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdateContact(ctx, store.Contact{AccountID: a, ID: v.in.ContactID})
		}),
		"UpdateIdentity": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdateIdentity(ctx, store.Identity{AccountID: a, Scope: "user", Hash: "ada"})
		}),
		"UpdateMessageBody": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdateMessageBody(ctx, a, v.message, desk.Sealed("intruder"))
		}),
		"DeleteOutbox":  denied(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteOutbox(ctx, v.item) }),
		"UpdateOutbox":  denied(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateOutbox(ctx, v.item) }),
		"InsertAccount": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertAccount(ctx, desk.Account{ID: v.ID}) }),
		"UpdateAccount": denied(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateAccount(ctx, desk.Account{ID: v.ID}) }),
		"InsertContact": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertContact(ctx, store.Contact{AccountID: v.ID})
		}),
		"InsertIdentity": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertIdentity(ctx, store.Identity{AccountID: v.ID, Scope: "user", Hash: "eve"})
		}),
		"Emit": denied(func(_ context.Context, tx *store.Tx) error {
			return tx.Emit(desk.Event{AccountID: v.ID, Fact: desk.ContactCreated{}})
		}),
		"PutInstallationValue": denied(func(ctx context.Context, tx *store.Tx) error { return tx.PutInstallationValue(ctx, "k", "v") }),
		"SetEpoch":             denied(func(ctx context.Context, tx *store.Tx) error { return tx.SetEpoch(ctx, "v") }),
		"TakeAll":              denied(func(ctx context.Context, tx *store.Tx) error { return tx.TakeAll(ctx) }),
		"SavePositions": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.SavePositions(ctx, "c", "h", []store.Position{{}}, 1)
		}),
		"FinishRebuild": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.FinishRebuild(ctx, "c", "h", store.Position{})
		}),
	}
	maps.Copy(checks, toolboxWrites(v, denied, both))
	maps.Copy(checks, peopleWrites(v, denied, both))
	maps.Copy(checks, queueWrites(v, denied, both))
	maps.Copy(checks, botWrites(v, denied, both))
	maps.Copy(checks, trainingWrites(v, denied, both))
	maps.Copy(checks, knowledgeWrites(v, denied, both))
	maps.Copy(checks, scenarioWrites(v, denied, both))
	maps.Copy(checks, reviewWrites(v, denied, both))
	n.everyMethod(reflect.TypeFor[*store.Tx](), except, checks)
	// Nothing changed.
	in, err := n.Store.Inbox(n.Ctx, v.ID, v.Inbox.ID)
	require.NoError(n, err)
	require.Equal(n, v.Inbox, in)
	agent, err := n.Store.Agent(n.Ctx, v.ID, v.Agent.ID)
	require.NoError(n, err)
	require.Equal(n, v.Agent, agent)
	m, err := n.Store.Message(n.Ctx, v.ID, v.message)
	require.NoError(n, err)
	require.Equal(n, desk.Sealed("secret"), m.Body)
	contact, err := n.Store.Contact(n.Ctx, v.ID, v.in.ContactID)
	require.NoError(n, err)
	require.Equal(n, desk.Sealed("sealed profile"), contact.Profile)
	teams, err := n.Store.Teams(n.Ctx, v.ID)
	require.NoError(n, err)
	require.Equal(n, []desk.Team{v.Team}, teams)
	file, err := n.Store.Attachment(n.Ctx, v.ID, v.file.ID)
	require.NoError(n, err)
	require.Equal(n, v.file, file)
	letters, err := n.Store.DeadLetters(n.Ctx, v.ID, store.Page{})
	require.NoError(n, err)
	require.Len(n, letters, 1)
	require.False(n, letters[0].Replay)
	require.True(n, v.Do(v.Receive("ada", "k", nil)).Repeated)
}
