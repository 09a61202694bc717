/** Made by scripts/late-icons.mjs: importing it makes the icons of late pages known. */
declare module 'virtual:late-icons'
