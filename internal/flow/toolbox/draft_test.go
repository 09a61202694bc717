package toolbox_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/toolbox"
)

func draft(text string, revision int64) toolbox.Draft {
	return toolbox.Draft{Kind: toolbox.ReplyDraft, Revision: revision, DraftContent: toolbox.DraftContent{Text: text}}
}

func TestADraftIsReplacedOnlyByWhoHasSeenIt(t *testing.T) {
	t.Parallel()
	b := open(t)
	talk := b.IDs.Conversation()
	first, err := b.SaveDraft(b.Ctx, b.by(""), talk, draft("一", 0))
	require.NoError(t, err)
	require.EqualValues(t, 1, first.Revision)
	_, err = b.SaveDraft(b.Ctx, b.by(""), talk, draft("另一窗口", 0))
	require.ErrorIs(t, err, desk.Conflict)
	var won atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			switch _, err := b.SaveDraft(b.Ctx, b.by(""), talk, draft("二", 1)); {
			case err == nil:
				won.Add(1)
			case desk.KindOf(err) != desk.Conflict:
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, won.Load())
	note := draft("备注", 0)
	note.Kind = toolbox.NoteDraft
	_, err = b.SaveDraft(b.Ctx, b.by(""), talk, note)
	require.NoError(t, err)
	drafts, err := b.Drafts(b.Ctx, b.by(""), talk)
	require.NoError(t, err)
	require.Len(t, drafts, 2)
	require.Equal(t, "二", drafts[0].Text)
	require.EqualValues(t, 2, drafts[0].Revision)
	others, err := b.Drafts(b.Ctx, toolbox.By{By: desk.By{Account: b.ID, Agent: b.IDs.Agent()}}, talk)
	require.NoError(t, err)
	require.Empty(t, others, "a draft is its writer's")
	in, err := b.Drafted(b.Ctx, b.by(""), []desk.ConversationID{talk, b.IDs.Conversation()})
	require.NoError(t, err)
	require.Equal(t, map[desk.ConversationID]bool{talk: true}, in)
	require.NoError(t, b.DeleteDraft(b.Ctx, b.by(""), talk, toolbox.NoteDraft))
	require.NoError(t, b.DeleteDraft(b.Ctx, b.by(""), talk, toolbox.NoteDraft))
	_, err = b.SaveDraft(b.Ctx, b.by(""), talk, toolbox.Draft{Kind: "poem"})
	require.ErrorIs(t, err, desk.Invalid)
}

func TestOldDraftsAreDropped(t *testing.T) {
	t.Parallel()
	b := open(t)
	old, young := b.IDs.Conversation(), b.IDs.Conversation()
	_, err := b.SaveDraft(b.Ctx, b.by(""), old, draft("旧", 0))
	require.NoError(t, err)
	b.Clock.Advance(59 * 24 * time.Hour)
	_, err = b.SaveDraft(b.Ctx, b.by(""), young, draft("新", 0))
	require.NoError(t, err)
	gone, err := b.Sweep(b.Ctx)
	require.NoError(t, err)
	require.Zero(t, gone)
	b.Clock.Advance(48 * time.Hour)
	gone, err = b.Sweep(b.Ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, gone)
	in, err := b.Drafted(b.Ctx, b.by(""), []desk.ConversationID{old, young})
	require.NoError(t, err)
	require.Equal(t, map[desk.ConversationID]bool{young: true}, in)
}
