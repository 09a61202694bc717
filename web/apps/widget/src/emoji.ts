const list = (text: string): string[] => text.split(' ');

/** What people need in a chat with a shop; a whole keyboard has its own. */
export const faces = list(
  '😀 😄 😁 😆 😅 😂 🤣 🙂 😉 😊 😇 🥰 😍 😘 😋 😜 🤗 🤔 🤭 🤫 😐 😏 🙄 😬 😌 😔 😴 😷 🤒 🤧 🥵 🥶 🤯 🥳 😎 🤓 😕 😟 😮 😳 🥺 😢 😭 😱 😖 😞 😩 😤 😡 🤬 😈 💀 🤡 👻 🙈 🙉 🙊 👋 👌 🤏 ✌️ 🤞 🤙 👈 👉 👆 👇 👍 👎 ✊ 👊 👏 🙌 🤝 🙏 💪',
);
export const life = list('❤️ 🧡 💛 💚 💙 💜 🖤 💔 💕 💖 💯 💢 💥 💦 💤 🌹 🌷 🌻 🍀 🌈 ☀️ ⛅ 🌧️ ❄️ 🔥 ✨ ⭐ 🎉 🎊 🎁 🎈 🎂 🍰 🍎 🍉 🍵 ☕ 🍺 🍜 🥟 🐶 🐱 🐼 🐰 👶 👧 👦 👩 👨 👵 👴');
export const signs = list('✅ ❌ ❗ ❓ ⚠️ 🚫 🔔 🔒 🔑 💰 💳 🧾 🛒 🛍️ 📦 🚚 ✈️ 🏠 🏢 📍 📅 ⏰ ⏳ 📞 📱 💻 🖨️ 📷 🎧 📝 📎 ✂️ 🔧 🔍 💡 🔋 🧹 👕 👗 👟 💄 💍 💊 🏷️ ♻️ 🆗 🆕 🆓 1️⃣ 2️⃣ 3️⃣');
