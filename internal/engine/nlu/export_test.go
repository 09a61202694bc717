package nlu

// Hurried is o with fewer passes of the networks over the examples than are
// usual: the same work in a test's time.
func (o Options) Hurried() Options {
	o.passes = 16
	return o
}
