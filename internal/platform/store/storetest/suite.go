package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

// Run holds a driver to every promise of package store.
func Run(t *testing.T, open Open) {
	t.Parallel()
	// Tests of what belongs to one account share a database, so that they also
	// prove not to disturb each other.
	t.Run("shared", func(t *testing.T) {
		t.Parallel()
		env := Start(t, open)
		for name, test := range map[string]func(*Tenant){
			"first message":            firstMessage,
			"conversation goes on":     conversationGoesOn,
			"new after resolved":       newAfterResolved,
			"reply":                    reply,
			"receipts move upward":     receiptsMoveUpward,
			"command timers":           commandTimers,
			"effects are checked":      effectsAreChecked,
			"failed unit":              failedUnit,
			"repeat":                   repeat,
			"fifty repeats at once":    fiftyRepeats,
			"fifty through two doors":  fiftyThroughTwoDoors,
			"opposite orders":          oppositeOrders,
			"cancelled callers":        cancelledCallers,
			"panic":                    panics,
			"account and inbox":        accountAndInbox,
			"agents and teams":         agentsAndTeams,
			"sessions and tokens":      sessionsAndTokens,
			"keys":                     keys,
			"contacts and identities":  contactsAndIdentities,
			"conversation lists":       conversationLists,
			"message ranges":           messageRanges,
			"jobs":                     jobs,
			"labels":                   labels,
			"drafts":                   drafts,
			"extra writes":             extras,
			"canned replies":           cannedReplies,
			"attachments":              attachments,
			"profiles":                 profiles,
			"people move":              peopleMove,
			"ratings":                  ratings,
			"staffing":                 staffing,
			"callbacks":                callbacks,
			"alerts and robots":        alerts,
			"queue":                    queue,
			"bot":                      botRows,
			"intents":                  intents,
			"models of intents":        intentModels,
			"knowledge":                knowledge,
			"trainings of knowledge":   learnings,
			"scenarios":                scenarios,
			"isolation":                isolation,
			"isolation of transaction": isolationOfTransaction,
			"search index":             searchIndex,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(env.In(t).Tenant())
			})
		}
	})
	// Tests of what belongs to the installation have a database each.
	for name, test := range map[string]func(*Tenant){
		"tailing reader":   tailingReader,
		"presence":         presence,
		"shouts":           shouts,
		"trainings":        trainings,
		"proposals":        proposals,
		"events":           events,
		"trim":             trim,
		"trim dedupe":      trimDedupe,
		"once":             once,
		"positions":        positions,
		"rebuild":          rebuild,
		"timers":           timers,
		"outbox":           outbox,
		"leases":           leases,
		"useless files":    uselessAttachments,
		"page visits":      pageVisits,
		"mails":            mails,
		"dead letters":     deadLetters,
		"epoch":            epoch,
		"expired sessions": expiredSessions,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(Start(t, open).Tenant())
		})
	}
	t.Run("tables", func(t *testing.T) {
		t.Parallel()
		tables(t, open)
	})
	t.Run("drains at shutdown", func(t *testing.T) {
		t.Parallel()
		drains(t, open)
	})
}

func (e *Env) kind(want desk.Kind, err error) {
	e.Helper()
	require.ErrorIs(e, err, want)
}
