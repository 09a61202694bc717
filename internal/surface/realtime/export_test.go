package realtime

import "context"

// Check asks for the agents' connections now.
func (s *Server) Check(ctx context.Context) { s.check(ctx) }

// Held is how many visitors wait for their first message and how many agents
// are watched.
func (s *Server) Held() (strangers, agents int) {
	s.strangers.mu.Lock()
	defer s.strangers.mu.Unlock()
	for _, list := range s.strangers.byKey {
		strangers += len(list)
	}
	return strangers, len(s.watched.all())
}
