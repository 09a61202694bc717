package sentiment

import "strings"

// The word lists of the method, beside its lexicon.
var (
	negations = set(`aint arent cannot cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neither neednt
		never none nope nor not nothing nowhere oughtnt shant shouldnt uhuh uh-uh wasnt werent without wont wouldnt rarely seldom despite`)
	boosters = degrees(`absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous enormously
		entirely especially exceptional exceptionally extreme extremely fabulously flipping flippin frackin fracking fricking frickin
		frigging friggin fully fuckin fucking fuggin fugging greatly hella highly hugely incredible incredibly intensely major majorly
		more most particularly purely quite really remarkably so substantially thoroughly total totally tremendous tremendously uber
		unbelievably unusually utter utterly very`,
		`almost barely hardly just_enough kind_of kinda kindof kind-of less little marginal marginally occasional occasionally partly
		scarce scarcely slight slightly somewhat sort_of sorta sortof sort-of`)
	phrases = map[string]float64{
		"the shit": 3, "the bomb": 3, "bad ass": 1.5, "badass": 1.5, "bus stop": 0, "yeah right": -2, "kiss of death": -1.5,
		"to die for": 3, "beating heart": 3.1, "broken heart": -2.9,
	}
)

func set(words string) map[string]bool {
	out := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

func degrees(more, less string) map[string]float64 {
	out := make(map[string]float64)
	for w := range strings.FieldsSeq(more) {
		out[w] = boost
	}
	for w := range strings.FieldsSeq(less) {
		out[strings.ReplaceAll(w, "_", " ")] = -boost
	}
	return out
}
