package surfacetest

import (
	"context"
	"sync"

	"yingda.dev/internal/platform/robot"
)

// Robots stand for the group robots of messengers.
type Robots struct {
	mu   sync.Mutex
	said []string
	// fails, if set, is what they answer.
	fails error
}

// Say implements what dispatch asks for.
func (r *Robots) Say(_ context.Context, to robot.Robot, text string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails == nil {
		r.said = append(r.said, to.URL+" "+to.Secret+" "+text)
	}
	return r.fails
}

// Said is what they were told, with address and secret.
func (r *Robots) Said() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.said...)
}

// Fail makes them answer with an error; nil makes them well again.
func (r *Robots) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails = err
}
