package desk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

func TestARepeatedCommandMakesTheSameID(t *testing.T) {
	t.Parallel()
	by := desk.By{Account: "acc_1", Agent: "agt_1", Key: "k"}
	id := by.ID("faq", "faq_random")
	require.Regexp(t, `^faq_[0-9a-f]{32}$`, id)
	require.Equal(t, id, by.ID("faq", "faq_other"))
	for _, other := range []desk.By{
		{Account: "acc_2", Agent: "agt_1", Key: "k"}, {Account: "acc_1", Agent: "agt_2", Key: "k"}, {Account: "acc_1", Agent: "agt_1", Key: "l"},
	} {
		require.NotEqual(t, id, other.ID("faq", ""))
	}
	require.NotEqual(t, id, by.ID("art", ""))
	require.Equal(t, "faq_random", desk.By{Account: "acc_1"}.ID("faq", "faq_random"), "without a key nothing is repeated")
}

func TestTheProgramItselfIsTheSystem(t *testing.T) {
	t.Parallel()
	require.Equal(t, desk.Author{Kind: desk.BySystem}, desk.By{Account: "acc_1"}.Author())
	require.Equal(t, desk.Author{Kind: desk.ByAgent, ID: "agt_1"}, desk.By{Account: "acc_1", Agent: "agt_1"}.Author())
}
