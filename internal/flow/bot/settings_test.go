package bot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
)

// Two people at the settings: the second does not undo what the first has saved
// without having seen it.
func TestSettingsThatWereNotSeenStay(t *testing.T) {
	t.Parallel()
	h := open(t, options{still: true})
	set, err := h.bot.Settings(t.Context(), h.id)
	require.NoError(t, err)
	seen := desk.RevisionOf(set)
	first, second := set, set
	first.Name, second.Name = "小答", "小应"
	first, err = h.bot.SetSettings(t.Context(), h.id, "agt_1", first, seen)
	require.NoError(t, err)
	_, err = h.bot.SetSettings(t.Context(), h.id, "agt_2", second, seen)
	require.ErrorIs(t, err, desk.Conflict)
	again, err := h.bot.SetSettings(t.Context(), h.id, "agt_1", first, seen)
	require.NoError(t, err, "the same once more is no conflict")
	require.Equal(t, first.Version, again.Version)
	_, err = h.bot.SetSettings(t.Context(), h.id, "agt_2", second, desk.RevisionOf(first))
	require.NoError(t, err)
	now, err := h.bot.Settings(t.Context(), h.id)
	require.NoError(t, err)
	require.Equal(t, "小应", now.Name)
}

func TestSettingsKnowTheirTeams(t *testing.T) {
	t.Parallel()
	h := open(t, options{still: true})
	set := bot.Usual()
	set.Topics = map[string]bot.Topic{"shipping": {Team: "tem_none"}}
	_, err := h.bot.SetSettings(t.Context(), h.id, "agt_1", set, "")
	require.ErrorIs(t, err, desk.Invalid)
	set.Topics = map[string]bot.Topic{"shipping": {AnswerAt: 0.5, ReviewAt: 0.6}}
	_, err = h.bot.SetSettings(t.Context(), h.id, "agt_1", set, "")
	require.ErrorIs(t, err, desk.Invalid, "review begins below the answer")
}

// A topic that is for people goes to its team, however sure the bot is; it has
// the account's thresholds as long as it has none of its own.
func TestATopicForPeople(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	teams, err := h.Store.Teams(t.Context(), h.id)
	require.NoError(t, err)
	team := teams[0].ID
	set := bot.Usual()
	set.BurstMS, set.AnswerAt, set.ReviewAt = 40, 0.75, 0.5
	_, err = h.bot.SetSettings(t.Context(), h.id, "agt_1", set, "")
	require.NoError(t, err)
	one := h.says(t, "a", "可以上门安装吗？")
	require.Equal(t, "师傅会联系您上门安装。", h.answers(t, one.ConversationID, 1)[0].Content.PlainText(), "0.8 is enough for the account")
	set.Topics = map[string]bot.Topic{"shipping": {Person: true, Team: team}}
	_, err = h.bot.SetSettings(t.Context(), h.id, "agt_1", set, "")
	require.NoError(t, err)
	other := h.says(t, "b", "多久能送到？")
	require.Equal(t, team, h.opened(t, other.ConversationID).TeamID)
	require.Contains(t, h.note(t, other.ConversationID), "这个主题规定由人工处理")
}
