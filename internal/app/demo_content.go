package app

import (
	"context"
	"encoding/json"
	"slices"

	"yingda.dev/internal/app/demo"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/flow/toolbox"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/store"
)

// seedContent teaches the demonstration what it needs to answer by itself. Each
// part is done once, whatever becomes of it later.
func (a *App) seedContent(ctx context.Context, d workspace.Demo) error {
	for _, part := range []struct {
		name string
		do   func(context.Context, workspace.Demo) error
	}{
		{"demo_queue", a.seedQueue},
		{"demo_intents", a.seedIntents},
		{"demo_knowledge", a.seedKnowledge},
		{"demo_flows", a.seedFlows},
		{"demo_bot", a.seedBot},
		{"demo_canned", a.seedCanned},
	} {
		if _, err := a.store.InstallationValue(ctx, part.name); err == nil {
			continue
		} else if desk.KindOf(err) != desk.NotFound {
			return err
		}
		if err := part.do(ctx, d); err != nil {
			return err
		}
		err := a.store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
			return tx.PutInstallationValue(ctx, part.name, string(d.Account.ID))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// englishAnswer tells an intent that a text in English answers: it is seeded as
// a question of its own, because what an intent says has one language.
func englishAnswer(in demo.Intent) bool { return in.AnswerEN != "" && len(in.ExamplesEN) > 0 }

// seedIntents says what customers want. Complaints, which every account
// understands, are led along the shop's own flow.
func (a *App) seedIntents(ctx context.Context, d workspace.Demo) error {
	intents, err := demo.Intents()
	if err != nil {
		return err
	}
	by := desk.By{Account: d.Account.ID}
	for _, in := range intents {
		by.Key = "demo-" + in.Name
		examples := in.Examples
		if !englishAnswer(in) {
			examples = slices.Concat(examples, in.ExamplesEN)
		}
		if _, err := a.training.SaveIntent(ctx, by, training.Intent{
			Name: in.Name, Title: in.Title, Topic: in.Topic, Examples: examples, Actions: in.Actions, Enabled: true,
		}); err != nil {
			return err
		}
	}
	all, err := a.training.Intents(ctx, d.Account.ID)
	if err != nil {
		return err
	}
	for _, in := range all {
		if in.Name != training.Complaint || in.Version != 0 {
			continue
		}
		in.Actions, in.Topic = json.RawMessage(`[{"type":"flow","flow":"complaint"}]`), "complaint"
		by.Key = "demo-" + in.Name
		_, err = a.training.SaveIntent(ctx, by, in)
	}
	return err
}

// seedKnowledge stores FAQs and articles. The English ones are entries of their
// own, so that an answer has the language of the question.
func (a *App) seedKnowledge(ctx context.Context, d workspace.Demo) error {
	var drafts []library.Draft
	faq := func(f demo.FAQ, path ...string) {
		drafts = append(drafts, library.Draft{Path: path, Item: library.Item{Kind: library.FAQ, Body: library.Body{
			Title: f.Question, Ways: f.Ways, Answers: []library.Answer{{Content: f.Content()}}, Source: desk.Source{Title: f.Source.Title, URL: f.Source.URL},
			Topic: f.Topic, Enabled: true, Origin: "demo",
		}}})
	}
	for _, l := range []desk.Locale{desk.Chinese, desk.English} {
		top, policies := []string{}, "政策"
		if l == desk.English {
			top, policies = []string{"English"}, "Policies"
		}
		faqs, err := demo.FAQs(l)
		if err != nil {
			return err
		}
		for _, f := range faqs {
			faq(f, slices.Concat(top, []string{f.Category})...)
		}
		articles, err := demo.Articles(l)
		if err != nil {
			return err
		}
		for _, art := range articles {
			drafts = append(drafts, library.Draft{Path: slices.Concat(top, []string{policies}), Item: library.Item{Kind: library.Article, Body: library.Body{
				Title: art.Title, Text: art.Body, Locale: string(l), Source: desk.Source{Title: art.Title, URL: "/demo#" + art.Name}, Enabled: true, Origin: "demo",
			}}})
		}
	}
	intents, err := demo.Intents()
	if err != nil {
		return err
	}
	for _, in := range intents {
		if englishAnswer(in) {
			faq(demo.FAQ{
				Question: in.TitleEN, Ways: in.ExamplesEN, Answer: in.AnswerEN, Topic: in.Topic, Source: demo.Source{Title: "Help", URL: "/demo#help"},
			}, "English", "Orders and service")
		}
	}
	_, err = a.library.Import(ctx, desk.By{Account: d.Account.ID, Key: "demo"}, drafts)
	return err
}

// seedBot puts the bot in front of the shop's visitors, and says which team gets
// what it hands over.
func (a *App) seedBot(ctx context.Context, d workspace.Demo) error {
	account := d.Account.ID
	teams, err := a.workspace.Teams(ctx, account)
	if err != nil {
		return err
	}
	known := make(map[string]desk.TeamID)
	for _, t := range teams {
		known[t.Name] = t.ID
	}
	set := bot.Usual()
	set.Name = "小答"
	set.Topics = make(map[string]bot.Topic)
	for team, topics := range map[string][]string{
		workspace.DemoSales:      {"商品", "优惠", "支付"},
		workspace.DemoService:    {"订单", "物流", "安装", "退换货", "保修", "发票", "账户", "服务"},
		workspace.DemoComplaints: {"投诉"},
	} {
		for _, topic := range topics {
			set.Topics[topic] = bot.Topic{Team: known[team]}
		}
	}
	set.Texts = map[desk.Locale]bot.Texts{
		desk.Chinese: {Greeting: "您好，我是应答优选的智能助手小答，商品、订单和售后都可以问我；需要人工时请随时告诉我。"},
		desk.English: {Greeting: "Hello, I am the virtual assistant of Yingda Select. Ask me about products, orders and service; just say so whenever you want a person."},
	}
	if _, err := a.bot.SetSettings(ctx, account, "", set, ""); err != nil {
		return err
	}
	in, err := a.workspace.Inbox(ctx, account, d.Inbox.ID)
	if err != nil {
		return err
	}
	settings := in.Settings
	settings.BotFirst = true
	_, err = a.workspace.ChangeInbox(ctx, account, in.ID, workspace.InboxChange{Name: in.Name, Settings: settings, Enabled: in.Enabled})
	return err
}

// demoColors are the colours of the demonstration's labels.
var demoColors = map[string]string{"售前咨询": "emerald", "物流": "blue", "退换货": "amber", "发票": "slate"}

// demoLabel is the label with the name; it is made at its first use.
func (a *App) demoLabel(ctx context.Context, agent desk.Agent, name string) (desk.Label, error) {
	by := toolbox.By{By: desk.By{Account: agent.AccountID, Agent: agent.ID, Key: "demo-" + name}, Manages: true}
	all, err := a.toolbox.Labels(ctx, agent.AccountID)
	if err != nil {
		return desk.Label{}, err
	}
	if at := slices.IndexFunc(all, func(l desk.Label) bool { return l.Name == name }); at >= 0 {
		return all[at], nil
	}
	return a.toolbox.SaveLabel(ctx, by, desk.Label{Name: name, Color: demoColors[name]})
}

// seedCanned stores what the shop's people say most often.
func (a *App) seedCanned(ctx context.Context, d workspace.Demo) error {
	by := toolbox.By{By: desk.By{Account: d.Account.ID, Agent: d.Administrator.ID}, Manages: true}
	for _, c := range []struct{ shortcut, title, text string }{
		{"nh", "开场问候", "{{contact.name|您好}}，我是{{agent.name}}，很高兴为您服务，请问有什么可以帮您？"},
		{"sd", "请稍等", "请您稍等，我马上为您核实，一般两三分钟就有结果。"},
		{"wl", "物流说明", "下单后 24 小时内发货，大家电由师傅预约送装，小件一般两到三天送到。"},
		{"thanks", "English: thank you", "Thank you for waiting, {{contact.name|dear customer}}. Is there anything else I can help you with?"},
	} {
		by.Key = "demo-" + c.shortcut
		if _, err := a.toolbox.SaveCannedReply(ctx, by, desk.CannedReply{
			Shortcut: c.shortcut, Title: c.title, Scope: desk.CannedAll, Parts: desk.TextContent(c.text).Parts,
		}); err != nil {
			return err
		}
	}
	return nil
}

// Who of the demonstration knows what, from 1 to 5.
var demoSkills = []struct {
	name      string
	chen, lin int
}{
	{"家电售后", 3, 5},
	{"数码售后", 2, 4},
	{"投诉处理", 5, 2},
	{"English", 5, 0},
}

// seedQueue says who knows what and lets the queue hand out what waits.
func (a *App) seedQueue(ctx context.Context, d workspace.Demo) error {
	account := d.Account.ID
	chen, lin := dispatch.AgentWork{Capacity: 4, Skills: map[desk.SkillID]int{}}, dispatch.AgentWork{Capacity: 6, Skills: map[desk.SkillID]int{}}
	there, err := a.queue.Skills(ctx, account)
	if err != nil {
		return err
	}
	known := make(map[string]desk.SkillID)
	for _, k := range there {
		known[k.Name] = k.ID
	}
	for _, s := range demoSkills {
		id := known[s.name]
		if id == "" {
			skill, err := a.queue.SaveSkill(ctx, desk.Skill{AccountID: account, Name: s.name}, "")
			if err != nil {
				return err
			}
			id = skill.ID
		}
		if s.chen > 0 {
			chen.Skills[id] = s.chen
		}
		if s.lin > 0 {
			lin.Skills[id] = s.lin
		}
	}
	if err := a.queue.SetAgentWork(ctx, account, d.Administrator.ID, chen, ""); err != nil {
		return err
	}
	if err := a.queue.SetAgentWork(ctx, account, d.Agent.ID, lin, ""); err != nil {
		return err
	}
	teams, err := a.workspace.Teams(ctx, account)
	if err != nil {
		return err
	}
	for _, t := range teams {
		if t.Name == workspace.DemoComplaints {
			if err := a.queue.SetTeamWork(ctx, account, t.ID, dispatch.TeamWork{Zone: "Asia/Shanghai", Senior: true}, ""); err != nil {
				return err
			}
		}
	}
	return a.queue.SetQueueRules(ctx, account, dispatch.QueueRules{Automatic: true}, "")
}
