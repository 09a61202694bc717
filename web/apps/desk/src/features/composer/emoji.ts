/** The emoji that people at a desk use, in four groups; the system's fonts draw them. */
const of = (text: string): string[] => text.split(' ')

export const emojiGroups = [
  {
    name: 'faces',
    emoji: of('😀 😃 😄 😁 😆 😅 😂 🙂 🙃 😉 😊 😇 🥰 😍 😘 😋 😜 🤔 🤗 🤩 😎 🥳 😏 😌 😴 😮 😲 🥺 😢 😭 😤 😠 😱 😳 😬 🙄 😔 😕 🤒 🤧'),
  },
  { name: 'people', emoji: of('👍 👎 👌 🙏 👏 🙌 🤝 💪 ✌️ 👋 🤙 👀 🫶 ❤️ 🧡 💛 💚 💙 💜 💔 💯 ✨ 🎉 🌹 🌷 🔥') },
  { name: 'things', emoji: of('📦 🚚 ✈️ 🏠 🛒 🛍️ 🎁 💰 💳 🧾 📄 📎 📷 📱 💻 🔧 🔑 🔒 ⏰ 📅 📞 ✉️ ☕ 🍵 🍎 🎂') },
  { name: 'signs', emoji: of('✅ ❌ ⚠️ ❓ ❗ ⭐ 🔴 🟢 🟡 ➡️ ⬅️ ⬆️ ⬇️ 🔁 🆗 🆕 ©️ ®️ #️⃣ 1️⃣ 2️⃣ 3️⃣') },
] as const
