package text_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/platform/text"
)

func TestInitials(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":             "",
		"退货地址":         "thdz",
		"您好，请问 VIP 客户": "nhqwvipkh",
		"發票抬頭":         "fptt",
		"ＡＢＣ１２":        "abc12",
		"!?…  😀":       "",
		"鼎泰豐":          "dtf",
		"单独":           "dd",
	} {
		require.Equal(t, want, text.Initials(s), s)
	}
	require.Equal(t, "stf", text.NameInitials("单田芳"))
	require.Equal(t, "zgf", text.NameInitials(" 曾国藩"))
	require.Equal(t, "lxm", text.NameInitials("林小满"))
	require.Equal(t, "lixiaoming", text.NameInitials("Li Xiaoming"))
}

// Every character of GB 2312 that is Chinese has a letter, and the result is
// always something that can be typed.
func TestInitialsAreComplete(t *testing.T) {
	t.Parallel()
	missing := 0
	for r := rune(0x4e00); r <= 0x9fa5; r++ {
		if text.Initials(string(r)) == "" {
			missing++
		}
	}
	require.Less(t, missing, 50, "characters without a reading")
	rapid.Check(t, func(t *rapid.T) {
		for _, r := range text.NameInitials(rapid.String().Draw(t, "s")) {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
				t.Fatalf("%q is not a letter or a digit", r)
			}
		}
	})
}
