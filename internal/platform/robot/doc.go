// Package robot says things in group chats: it speaks to the group robots of
// WeCom (企业微信), DingTalk (钉钉) and Feishu (飞书).
//
// It is no channel: nothing comes back, no customer is in these groups. It does
// not try again and keeps nothing (flow/dispatch does).
//
// Invariants: only https, only to addresses of the public network unless
// Config.Private says otherwise, checked at the moment of connecting, so that a
// name that changes its address does not help; redirects are not followed; what
// an answer says is read up to a bound and never shown.
//
// Concurrency: a Client is safe for concurrent use.
//
// Imports: desk, platform/outcall (which addresses may be reached).
package robot
